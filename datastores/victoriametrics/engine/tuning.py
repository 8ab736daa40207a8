"""Changes of flags: all are in force after a restart.

What the program itself refuses to read is refused before anything is changed; what it refuses only when it starts makes
the restart go back to the flags with which it started last.
"""

from __future__ import annotations

from datastores.host.errors import EngineError, ProgramFailed
from datastores.host.roles import tuning
from datastores.host.settings import SettingsFile
from datastores.protocol.engine import Settings
from datastores.victoriametrics.engine import flags
from datastores.victoriametrics.engine.node import PROGRAM, TITLE, Node


class Tuning(tuning.Tuning):
    """Settings are flags of the next start."""

    node: Node

    @property
    def settings_file(self) -> SettingsFile:
        return self.node.flags_file

    def reconfigure(self, settings: Settings) -> None:
        node, variables = self.node, flags.variables(self.node, settings)
        try:
            node.programs.run([node.bin / PROGRAM, "-envflag.enable", "-version"], environment=variables)
        except ProgramFailed as error:
            raise EngineError(f"{TITLE} refused: {str(error).rpartition('cannot')[2].strip()}") from error
        flags.write(node, variables)

    def restart_required(self) -> bool:
        return flags.changed(self.node)
