"""What a request's Content-Encoding really means.

The C# SDK sends `Content-Encoding: gzip;q=1.0,deflate;q=0.6,identity;q=0.3` on plain bodies (it means Accept-Encoding),
so only a bare `gzip` or `deflate` is believed; RFC 9110 section 8.4 knows no weights there.
"""

import zlib
from typing import Final

from gateway.rules.error_codes import Code
from gateway.rules.errors import RequestRefused

_GZIP: Final = 16 + zlib.MAX_WBITS
_WINDOW_BITS: Final = {"gzip": _GZIP, "x-gzip": _GZIP, "deflate": zlib.MAX_WBITS}


def decode_body(raw: bytes, content_encoding: str, *, limit: int) -> bytes:
    """Return a request body as identity.

    Args:
        raw: the body as it came.
        content_encoding: the header, empty when absent.
        limit: the most bytes that may come out.

    Raises:
        RequestRefused: `body_too_large`; `unsupported_media_type` for another coding or a damaged body.
    """
    coding = content_encoding.strip().lower()
    if coding in {"", "identity"} or ";q=" in coding.replace(" ", ""):
        return raw
    bits = _WINDOW_BITS.get(coding)
    if bits is None:
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "Send this body as identity, gzip or deflate.")
    decoder = zlib.decompressobj(bits)
    try:
        plain = decoder.decompress(raw, limit + 1)
    except zlib.error:
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "The body is not what its Content-Encoding says.") from None
    if len(plain) > limit:
        raise RequestRefused(Code.BODY_TOO_LARGE, f"The decoded body is larger than {limit} bytes.")
    if not decoder.eof or decoder.unused_data:
        raise RequestRefused(Code.UNSUPPORTED_MEDIA_TYPE, "The body is not what its Content-Encoding says.")
    return plain
