# SPDX-License-Identifier: MIT
"""What everything has in common that a test opens and must close."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Closing:
    """A context manager that ends with close()."""

    def close(self) -> None:
        """Give everything back; the class says what."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
