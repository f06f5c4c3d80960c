//! Storage seams for federation: queues, inbox, keys, followers, cache; a memory backend and a contract suite.
