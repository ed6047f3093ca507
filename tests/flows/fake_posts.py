"""A fake of the port that posts to apps."""

from dataclasses import dataclass, field

from gateway.flows.delegated_callbacks import Undelivered


@dataclass
class FakePosts:
    """Takes posts to apps: answers with a status, or not at all, and remembers them."""

    answer: int | Undelivered = 200
    posted: list[tuple[str, bytes, dict[str, str]]] = field(default_factory=list)

    async def post(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.posted.append((url, body, headers))
        if isinstance(self.answer, Undelivered):
            raise self.answer
        return self.answer
