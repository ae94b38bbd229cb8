package dev.nacelle.api.custom;

import dev.nacelle.api.definition.Hooks;

/**
 * The hooks of the kind {@code CustomResourceDefinition} itself: defaults, preparation, validation.
 */
public final class CustomResourceDefinitionHooks implements Hooks {}
