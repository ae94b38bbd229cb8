/**
 * Role-based access control: rules, who holds them, and what may not be granted. Start at {@link
 * dev.nacelle.apiserver.auth.rbac.RbacAuthorizer}. Must not know HTTP nor the store.
 */
@NullMarked
package dev.nacelle.apiserver.auth.rbac;

import org.jspecify.annotations.NullMarked;
