/**
 * The part of JSON path that printer columns and scale paths use. Start at {@link
 * dev.nacelle.api.jsonpath.JsonPath}.
 */
@NullMarked
package dev.nacelle.api.jsonpath;

import org.jspecify.annotations.NullMarked;
