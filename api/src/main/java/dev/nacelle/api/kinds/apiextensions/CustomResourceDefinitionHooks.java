package dev.nacelle.api.kinds.apiextensions;

import dev.nacelle.api.kinds.shared.KindHooks;

final class CustomResourceDefinitionHooks implements KindHooks {}
