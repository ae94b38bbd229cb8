/**
 * Files that survive a crash, and trees that go. Start at {@link
 * dev.nacelle.base.files.DurableFiles}. Must not know what is in them.
 */
@NullMarked
package dev.nacelle.base.files;

import org.jspecify.annotations.NullMarked;
