/**
 * ClusterRoles that are made of others. Start at {@link
 * dev.nacelle.controllers.rbac.AggregationController}.
 */
@NullMarked
package dev.nacelle.controllers.rbac;

import org.jspecify.annotations.NullMarked;
