"""Opening and ending an FTP session."""

from __future__ import annotations

from casare_rpa.nodes._attempts import retried
from casare_rpa.nodes.base import Context, Node, Output, Outputs, param, prop
from casare_rpa.nodes.ftp._client import Address
from casare_rpa.nodes.ftp._session import current, ended, opened, own


class FTPConnectNode(Node):
    """Open an FTP or FTPS session, which the FTP nodes after it use.

    It stays open until FTPDisconnectNode or the end of the run, and is opened again when the server
    ends it in between. Connecting again replaces it; branches that run side by side may have one
    each, and a subflow finds that of its caller.

    `use_tls` encrypts commands and data (AUTH TLS; on port 990 from the first byte on), and the
    server's certificate is checked: an authority of your own is named by SSL_CERT_FILE. Without it,
    anyone on the way reads the password. `passive` false lets the server connect back, where it
    wants that. `timeout` bounds each wait for the server.
    """

    category = "file"
    runs_on = "external-account"
    example = {
        "host": "ftp.example.org",
        "username": "ada",
        "password": "{{$secret:ftp.password}}",
        "use_tls": True,
    }
    host: str = param(None, kind="string", required=True, help="Where the server is.")
    port: int = param(21, kind="integer", help="The server's port.")
    username: str = param(None, kind="string", required=True, help="Who logs in.")
    password: str = param(None, kind="string", required=True, help="The password.")
    passive: bool = prop(True, kind="boolean", help="Connect for data to the server, not it to us.")
    timeout: int = prop(30, kind="integer", minimum=1, help="Seconds for each answer.")
    use_tls: bool = prop(False, kind="boolean", help="Encrypt, and check the certificate.")
    retry_count: int = prop(0, kind="integer", minimum=0, help="Further attempts.")
    retry_interval: int = prop(
        2000, kind="integer", minimum=0, help="Milliseconds before each of these."
    )
    outputs = (Output("connected", "BOOLEAN"), Output("server_message", "STRING"))

    async def run(self, ctx: Context) -> Outputs:
        address = Address(
            host=str(self.host).strip(),
            port=self.port,
            username=str(self.username),
            password=str(self.password),
            passive=self.passive,
            use_tls=self.use_tls,
            timeout_seconds=self.timeout,
        )
        await ended(ctx, own(ctx))
        message = await retried(ctx, self, lambda: opened(ctx, address))
        return {"connected": True, "server_message": message}


class FTPDisconnectNode(Node):
    """End the FTP session; what the run leaves open is closed at its end.

    Disconnecting twice does no harm.
    """

    category = "file"
    runs_on = "external-account"
    example = {}
    outputs = (Output("disconnected", "BOOLEAN"),)

    async def run(self, ctx: Context) -> Outputs:
        await ended(ctx, current(ctx))
        return {"disconnected": True}
