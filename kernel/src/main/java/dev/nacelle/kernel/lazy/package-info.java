/**
 * Files that are filled while they are read: a reader waits in the kernel until its range has been
 * fetched. Start at {@link dev.nacelle.kernel.lazy.PreContent}; the keeper is the one that reads
 * the fanotify(7) group (docs/adr/0011). Knows nothing of images, and not where bytes come from.
 */
@NullMarked
package dev.nacelle.kernel.lazy;

import org.jspecify.annotations.NullMarked;
