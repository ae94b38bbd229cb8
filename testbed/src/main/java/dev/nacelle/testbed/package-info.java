/**
 * What stands around the platform when it is tested or measured: hosts that are network namespaces
 * ({@link dev.nacelle.testbed.HostNetwork}), a long line to a server ({@link
 * dev.nacelle.testbed.DelayingProxy}), Debian's registry ({@link
 * dev.nacelle.testbed.DebianRegistry}). Shared by the tests of {@code image}, by {@code testkit}
 * and by {@code bench}; knows nothing of the platform's rooms above {@code kernel}, and asserts
 * nothing.
 */
@NullMarked
package dev.nacelle.testbed;

import org.jspecify.annotations.NullMarked;
