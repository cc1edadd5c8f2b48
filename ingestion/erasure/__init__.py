"""Forget a person: cut their records out of landing and raw, and keep them out when they are delivered again.

A person is known here by identifiers, never by name: addresses, records' ids and browsers' ids, as the contracts mark
them. What is remembered of an erased person is a keyed hash of each.
"""
