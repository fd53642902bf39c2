"""No network: with this folder on PYTHONPATH a process reaches loopback and nothing else.

Python imports `sitecustomize` at start-up, so child processes and Jupyter kernels obey as well.
"""

import ipaddress
import socket


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _refuse_remote(address: object) -> None:
    """Raise unless `address` is loopback, or no internet address at all (a Unix socket's path)."""
    if not isinstance(address, tuple) or address[0] in ("", "localhost"):
        return
    if not (_is_number(address[0]) and ipaddress.ip_address(address[0]).is_loopback):
        raise ConnectionRefusedError(f"no network in the tests: {address[0]} is blocked")


class LoopbackSocket(socket.socket):
    def connect(self, address):
        _refuse_remote(address)
        return super().connect(address)

    def connect_ex(self, address):
        _refuse_remote(address)
        return super().connect_ex(address)

    def sendto(self, data, *flags_and_address):
        _refuse_remote(flags_and_address[-1])
        return super().sendto(data, *flags_and_address)


def _without_queries(resolve):
    """Wrap getaddrinfo: numbers and this machine's own name need no query, all else is refused."""

    def resolve_locally(host, *arguments, **options):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in (None, "", socket.gethostname()) and not _is_number(name):
            _refuse_remote((name,))
        return resolve(host, *arguments, **options)

    return resolve_locally


socket.getaddrinfo = _without_queries(socket.getaddrinfo)
socket.socket = LoopbackSocket
