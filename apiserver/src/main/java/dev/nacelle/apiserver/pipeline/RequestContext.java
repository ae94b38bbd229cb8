package dev.nacelle.apiserver.pipeline;

import dev.nacelle.api.client.Identity;
import dev.nacelle.apiserver.audit.AuditTrail;
import java.util.function.Consumer;

/**
 * Who asks, and where remarks go.
 *
 * @param defaultManager the field manager of a write that names none
 * @param warnings takes texts for Warning headers
 * @param audit takes what is to be written down of the request
 */
public record RequestContext(
    Identity identity, String defaultManager, Consumer<String> warnings, AuditTrail audit) {}
