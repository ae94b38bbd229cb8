/**
 * What every namespace has from the start: the ServiceAccount {@code default} and the CA of the
 * cluster. Start at {@link dev.nacelle.controllers.account.NamespaceDefaultsController}.
 */
@NullMarked
package dev.nacelle.controllers.account;

import org.jspecify.annotations.NullMarked;
