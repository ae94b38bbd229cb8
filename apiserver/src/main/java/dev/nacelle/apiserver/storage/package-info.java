/**
 * How objects lie in the store and how they come back: canonical JSON without a resourceVersion,
 * which reads splice in. Start at {@link dev.nacelle.apiserver.storage.StoredObject}. Must not know
 * requests.
 */
@NullMarked
package dev.nacelle.apiserver.storage;

import org.jspecify.annotations.NullMarked;
