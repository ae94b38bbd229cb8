/**
 * The client of the keeper, the process that makes and holds sandboxes and spawns monitors. Start
 * at {@link dev.nacelle.kernel.keeper.KeeperClient}; the protocol is in {@code protocol.h}.
 */
@NullMarked
package dev.nacelle.kernel.keeper;

import org.jspecify.annotations.NullMarked;
