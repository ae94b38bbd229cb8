/**
 * An instance of the whole platform under test, started through the root launcher as a user starts
 * it and driven with stock {@code kubectl}. Start at {@link
 * dev.nacelle.testkit.e2e.PlatformUnderTest}. Nothing here knows the platform's classes: what is
 * known is the command line, the API over HTTPS, and what the kernel shows.
 */
@NullMarked
package dev.nacelle.testkit.e2e;

import org.jspecify.annotations.NullMarked;
