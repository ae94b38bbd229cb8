package dev.nacelle.kernel.lazy;

/**
 * A read that waits for a fill, as the keeper delivered it.
 *
 * @param offset in bytes
 * @param count in bytes; an unsigned number, may end behind the file
 */
record Read(long sequence, LazyFile file, long offset, long count) {}
