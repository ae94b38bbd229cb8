/** Errors as the API speaks them. Start at {@link dev.nacelle.api.status.ApiException}. */
@NullMarked
package dev.nacelle.api.status;

import org.jspecify.annotations.NullMarked;
