package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.KindHooks;

final class NamespaceHooks implements KindHooks {}
