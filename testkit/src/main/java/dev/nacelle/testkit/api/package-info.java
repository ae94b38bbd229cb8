/** The contract of {@link dev.nacelle.api.client.ApiClient}, and a server to test it against. */
@NullMarked
package dev.nacelle.testkit.api;

import org.jspecify.annotations.NullMarked;
