/**
 * Immutable JSON trees, and the readers and writers of JSON and YAML. Start at {@link
 * dev.nacelle.base.json.Json}. Must not know what a Kubernetes object is.
 */
@NullMarked
package dev.nacelle.base.json;

import org.jspecify.annotations.NullMarked;
