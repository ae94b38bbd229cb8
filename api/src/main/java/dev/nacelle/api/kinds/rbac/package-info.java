/**
 * The kinds of group rbac.authorization.k8s.io. Start at {@link
 * dev.nacelle.api.kinds.rbac.RbacKinds}.
 */
@NullMarked
package dev.nacelle.api.kinds.rbac;

import org.jspecify.annotations.NullMarked;
