"""SSH servers that answer every command as a healthy host does: keys of hosts on stdin, their ports on stdout."""

import asyncio
import json
import sys

import asyncssh

REPLY = json.dumps({"ok": True, "result": {"running": True, "version": "18.0", "problem": None}}) + "\n"


class Open(asyncssh.SSHServer):
    """Lets everybody in: what is measured is who asks."""

    def begin_auth(self, username: str) -> bool:
        """No authentication is needed."""
        return not username


async def answer(process: "asyncssh.SSHServerProcess[bytes]") -> None:
    """Take the whole request, give the reply."""
    while await process.stdin.read(65_536):
        pass
    process.stdout.write(REPLY.encode())
    process.exit(0)


async def main() -> None:
    """Serve until killed."""
    ports = []
    for key in json.loads(sys.stdin.readline()):
        private = asyncssh.import_private_key(key["private_key"])
        certificate = asyncssh.import_certificate(key["certificate"])
        server = await asyncssh.listen(
            "127.0.0.1", 0, server_factory=Open, server_host_keys=[(private, certificate)],
            process_factory=answer, encoding=None,
        )  # fmt: skip
        ports.append(server.get_port())
    print(json.dumps(ports), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
