package dev.nacelle.api.kinds.certificates;

import dev.nacelle.api.kinds.shared.KindHooks;

final class CertificateSigningRequestHooks implements KindHooks {}
