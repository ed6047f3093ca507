"""What in a Redis server's configuration endangers records, in sentences.

Source: https://redis.io/docs/latest/operate/oss_and_stack/management/persistence/ and .../develop/reference/eviction/
"""

from collections.abc import Mapping
from typing import Final

from gateway.adapters.redis_link import RedisLink, RefusedByRedis

_ASKED: Final = ("maxmemory-policy", "appendonly", "appendfsync")


async def warnings_about(link: RedisLink) -> list[str]:
    """Ask every server; nothing where CONFIG may not be asked, as at most hosted ones.

    Raises:
        StoreUnavailable: a server is away.
    """
    try:
        answers = [await link.call_each("CONFIG GET", name) for name in _ASKED]
    except RefusedByRedis:
        return []
    found: dict[str, None] = {}  # in order, each once
    for one in zip(*answers, strict=True):
        found |= dict.fromkeys(_sentences({name: str(value) for answer in one for name, value in answer.items()}))
    return list(found)


def _sentences(settings: Mapping[str, str]) -> list[str]:
    sentences = []
    policy = settings.get("maxmemory-policy", "noeviction")
    if policy.startswith("allkeys"):
        sentences.append(f"maxmemory-policy is {policy}: sessions can be evicted; set noeviction")
    elif policy != "noeviction":
        sentences.append(f"maxmemory-policy is {policy}: leases can be evicted; set noeviction")
    if settings.get("appendonly") == "no":
        sentences.append("appendonly is no: a restart loses what was written since the last snapshot; set yes")
    elif settings.get("appendfsync") == "no":
        sentences.append("appendfsync is no: a crash of its machine loses about half a minute of writes; set always")
    elif settings.get("appendfsync") == "everysec":
        sentences.append(
            "appendfsync is everysec: a crash of its machine loses a second or two of writes, refreshed tokens among "
            "them; set always"
        )
    return sentences
