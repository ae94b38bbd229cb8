/**
 * From a container in a pod's specification to a start specification of the runtime: environment,
 * mounts, user, security.
 */
@NullMarked
package dev.nacelle.node.start;

import org.jspecify.annotations.NullMarked;
