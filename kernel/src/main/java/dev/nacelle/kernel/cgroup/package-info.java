/**
 * Control groups, version 1, 2 or both at once, behind one shape. Start at {@link
 * dev.nacelle.kernel.cgroup.CgroupTree}.
 */
@NullMarked
package dev.nacelle.kernel.cgroup;

import org.jspecify.annotations.NullMarked;
