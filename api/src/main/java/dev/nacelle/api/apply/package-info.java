/**
 * Who owns which field, and server-side apply, as structured-merge-diff defines them. Start at
 * {@link dev.nacelle.api.apply.ServerSideApply}; ownership after plain writes is {@link
 * dev.nacelle.api.apply.ManagedFields}. Must not know of requests or storage.
 */
@NullMarked
package dev.nacelle.api.apply;

import org.jspecify.annotations.NullMarked;
