"""What every test may use; ``tests/rig`` says how."""

from tests.rig.fixtures import broker, node, own_broker, own_node, process, proxy

__all__ = ["broker", "node", "own_broker", "own_node", "process", "proxy"]
