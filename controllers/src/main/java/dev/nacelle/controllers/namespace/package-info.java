/**
 * Empties namespaces that are being deleted. Start at {@link
 * dev.nacelle.controllers.namespace.NamespaceController}.
 */
@NullMarked
package dev.nacelle.controllers.namespace;

import org.jspecify.annotations.NullMarked;
