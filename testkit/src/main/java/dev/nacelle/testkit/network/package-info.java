/**
 * The contract of the datapath, on hosts that are network namespaces of the test's own, so that the
 * machine's interfaces are never touched. Start at {@link
 * dev.nacelle.testkit.network.DatapathContract}.
 */
@NullMarked
package dev.nacelle.testkit.network;

import org.jspecify.annotations.NullMarked;
