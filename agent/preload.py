"""Imported once by the process that forks the jobs, so that a job starts in milliseconds.

Only the fork server imports it. What it loads is shared by all jobs, and none of it may start a
thread: a fork would lose it.
"""

from __future__ import annotations

import asyncio
import gc

import psutil

import agent.guard
import agent.process
import casare_rpa.nodes.http._client
from casare_rpa import engine
from casare_rpa.nodes import catalogue

__all__ = ["agent", "asyncio", "casare_rpa", "psutil"]

for name in engine.__all__:
    getattr(engine, name)  # the engine loads its parts when they are first asked for
catalogue.load_families()
catalogue.entries()

# What is loaded now stays: a collection in a job would copy every page only to look at it.
gc.collect()
gc.freeze()
