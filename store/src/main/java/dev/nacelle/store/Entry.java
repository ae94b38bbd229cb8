package dev.nacelle.store;

import dev.nacelle.base.bytes.Bytes;

/**
 * One key at one revision.
 *
 * @param value empty in a keys-only answer
 * @param createRevision the revision that made the key
 * @param modRevision the revision that last put it
 * @param version how many puts since it was made, from 1
 * @param lease the lease it is attached to, or 0
 */
public record Entry(
    String key, Bytes value, long createRevision, long modRevision, long version, long lease) {}
