"""The thread that serves a gallery on this machine: it costs the editor's loop nothing.

It is there from the moment when a person asks for the page until its proposal is over, or we are.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import logging
import socket
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from festina import waking
from festina.gallery.door import Door

if TYPE_CHECKING:
    import uvicorn

    from festina.gallery.proposed import Shown
    from festina.gallery.site import Grant, Site, Wish

LINGER_SECONDS = 2.0
"""How long the page can be asked for what it is made of, once its proposal is over."""
GRANT_SECONDS = 10.0
END_SECONDS = 5.0
_BUSY = "The editor's server is busy and has not answered; look at your editor."

logger = logging.getLogger(__name__)


class Gallery:
    """One page, on a port of its own. The methods are for the loop that it was made on.

    ``grant`` runs there, too, and does what a person wishes for. ``ended`` is called there once
    nothing is served any more.
    """

    def __init__(self, shown: Shown, grant: Grant, ended: Callable[[], None]) -> None:
        self._shown = shown
        self._grant = grant
        self._ended = ended
        self._loop = asyncio.get_running_loop()
        self._door = Door()
        self._started: concurrent.futures.Future[int] = concurrent.futures.Future()
        self._thread = threading.Thread(target=self._main, name="festina-gallery", daemon=True)
        self._serving: tuple[asyncio.AbstractEventLoop, Site, uvicorn.Server] | None = None
        self._ending = False
        self._thread.start()

    async def link(self) -> str:
        """Return an address that opens the page, once, as soon as it is served.

        Its query is the token and no more: editors encode what they open, and there is nothing to.

        Raises:
            OSError: no port of this machine could be had.
        """
        port = await asyncio.shield(asyncio.wrap_future(self._started))
        return f"http://127.0.0.1:{port}/{self._door.place}/?{self._door.ticket()}"

    def show(self, shown: Shown) -> None:
        """Take the newest value; one that is over is shown, and then the page is gone."""
        self._shown = shown
        self._tell(lambda site: site.show(shown))
        if shown.over:
            self._loop.call_later(LINGER_SECONDS, self.end)

    def end(self) -> None:
        """Serve nothing any more, soon."""
        self._ending = True
        if self._serving is not None:
            self._serving[2].should_exit = True
            self._tell(lambda site: site.end())

    async def aclose(self) -> None:
        """End it, and wait until its thread has ended."""
        self.end()
        await asyncio.to_thread(self._thread.join, END_SECONDS)

    def _tell(self, what: Callable[[Site], None]) -> None:
        if self._serving is not None:
            loop, site, _ = self._serving
            with contextlib.suppress(RuntimeError):  # it may have ended just now
                loop.call_soon_threadsafe(what, site)

    # -- on the thread ----------------------------------------------------------------------

    def _main(self) -> None:
        try:
            with asyncio.Runner(loop_factory=waking.new_loop) as runner:
                runner.run(self._serve())
        except Exception as error:  # told to whoever waits for the link
            logger.error("a gallery ended with %s", type(error).__name__)
            logger.debug("a gallery", exc_info=error)
            if not self._started.done():
                self._started.set_exception(error)
        finally:
            with contextlib.suppress(RuntimeError):  # that loop may be closed by now
                self._loop.call_soon_threadsafe(self._ended)

    async def _serve(self) -> None:
        import uvicorn

        from festina.gallery.site import Site

        listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        with listening:
            listening.bind(("127.0.0.1", 0))
            listening.listen()  # whoever comes from now on is served, if not at once
            site = Site(self._door, self._shown, self._ask)
            config = uvicorn.Config(
                site.app(),
                http="h11",
                ws="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            )
            server = uvicorn.Server(config)
            self._serving = (asyncio.get_running_loop(), site, server)
            server.should_exit = self._ending
            site.show(self._shown)  # which may have gone on meanwhile
            self._started.set_result(listening.getsockname()[1])
            await server.serve(sockets=[listening])

    async def _ask(self, wish: Wish) -> dict[str, Any]:
        """Have a wish granted on the other loop."""
        granted = asyncio.run_coroutine_threadsafe(self._granted(wish), self._loop)
        try:
            async with asyncio.timeout(GRANT_SECONDS):
                return await asyncio.wrap_future(granted)
        except TimeoutError:
            return {"ok": False, "message": _BUSY}

    async def _granted(self, wish: Wish) -> dict[str, Any]:
        return await self._grant(wish)
