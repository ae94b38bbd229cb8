package dev.nacelle.controllers;

import dev.nacelle.api.object.ResourceType;
import java.util.List;
import java.util.function.Supplier;

/**
 * What the controllers need to know of their cluster.
 *
 * @param rootCertificatesPem for the ConfigMap {@code kube-root-ca.crt} of each namespace
 * @param clusterCidr the pods' range, such as {@code 10.64.0.0/16}
 * @param resources all that can be listed and deleted now, custom resources too
 */
public record ControllerSettings(
    String rootCertificatesPem, String clusterCidr, Supplier<List<ResourceType>> resources) {}
