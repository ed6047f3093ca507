"""What settings are made of: sections, and values that several of them share."""

from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, TypeAdapter

Port = Annotated[int, Field(ge=0, le=65535)]
Seconds = Annotated[float, Field(gt=0, le=3600)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
ModeName = Literal["read_write", "free_busy", "no_access"]
HeaderName = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")]

_URL: Final = TypeAdapter(HttpUrl)


class Section(BaseModel):
    """A part of the settings; an unknown name is a complaint, since a misspelt rule would silently not apply."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def as_origin(value: str) -> str:
    """Return a URL as a bare origin; a path, query, user or fragment is a complaint."""
    url = _URL.validate_python(value)
    if url.path not in {None, "", "/"} or url.query or url.fragment or url.username:
        raise ValueError("write the origin only, such as https://gateway.example.com")
    host = url.host or ""
    port = "" if url.port in {None, 443 if url.scheme == "https" else 80} else f":{url.port}"
    return f"{url.scheme}://{host}{port}"
