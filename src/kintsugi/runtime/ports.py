"""TCP ports of this machine: free, taken, answering."""

import socket


def port_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether nobody listens on the port, tried by taking it for a moment."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(host: str = "127.0.0.1") -> int:
    """A port that is free now, chosen by the system."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def port_answers(port: int, host: str = "127.0.0.1") -> bool:
    """Whether somebody accepts connections on the port (never takes it, unlike ``port_free``)."""
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        return False
    return True
