package dev.nacelle.api.kinds.core;

import dev.nacelle.api.kinds.shared.KindHooks;

final class SecretHooks implements KindHooks {}
