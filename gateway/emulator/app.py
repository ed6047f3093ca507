"""The emulator as an aiohttp application. This is all that the rest of the project imports of it."""

from typing import Final

from aiohttp import web

from gateway.emulator.callbacks import CALLBACKS, Callbacks
from gateway.emulator.middlewares import MIDDLEWARES
from gateway.emulator.routes import add_routes
from gateway.emulator.settings import EmulatorSettings
from gateway.emulator.state import STATE, State

__all__ = ["STATE", "EmulatorSettings", "make_app", "runner"]

_LARGEST_BODY: Final = 16 * 1024 * 1024  # bytes; attachments come as base64 in JSON


def make_app(settings: EmulatorSettings | None = None) -> web.Application:
    """Make the emulator.

    Start it with `runner`, or pass `auto_decompress=False` to whatever starts it: the C# SDK sends a
    Content-Encoding that it did not apply, and the server must not act on it.

    Args:
        settings: the application that it knows, and the lifetimes of its tokens; the defaults if left out.
    """
    settings = settings or EmulatorSettings()
    app = web.Application(middlewares=MIDDLEWARES, client_max_size=_LARGEST_BODY)
    app[STATE] = State(settings)
    app[CALLBACKS] = Callbacks(
        settings.client_secrets, pauses=settings.callback_pauses, note=app[STATE].deliveries.append
    )
    app.cleanup_ctx.append(app[CALLBACKS].run)
    add_routes(app)
    return app


def runner(app: web.Application) -> web.AppRunner:
    """Make the runner for an emulator: no access log, and bodies left as they come."""
    return web.AppRunner(app, access_log=None, auto_decompress=False)
