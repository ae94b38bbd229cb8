/**
 * Deletes objects whose owners are gone, and carries out foreground and orphaning deletions. Start
 * at {@link dev.nacelle.controllers.garbage.GarbagePlan}; who owns whom is in {@link
 * dev.nacelle.controllers.garbage.OwnerGraph}.
 */
@NullMarked
package dev.nacelle.controllers.garbage;

import org.jspecify.annotations.NullMarked;
