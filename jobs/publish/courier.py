"""Takes what is owed to the chats: claim | word | wait for its turn | request | settle.

Few deliveries are claimed ahead, what the pace lets out in a moment, so that a breaking story overtakes a
running fan-out and a crash leaves little unclear. What a channel is about to be told is written down before.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from heapq import heappop, heappush

import structlog

from jobs.clock import Bell
from jobs.policy import Edition
from jobs.publish.ledger import Ledger
from jobs.publish.outcome import Outcome, TryLater, Untouchable
from jobs.publish.parts import Publish, Telling
from jobs.publish.settling import Aftermath, after, as_it_is
from jobs.publish.step import Delete, Edit, Nothing, Send, Step, next_step
from storage import articles, outbox
from storage.database import Connection, SQLAlchemyError
from storage.outbox import Claimed, Intent
from storage.records import Article, DeliveryState, Lane, PostKind

"""
"""
