# SPDX-License-Identifier: GPL-3.0-or-later
"""The schemas of fedimg's own messages: about whole runs and about regions that a run left out."""

from .messages import RegionV1, RunV1

__all__ = ["RegionV1", "RunV1"]
