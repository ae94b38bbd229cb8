package dev.nacelle.apiserver.protobuf;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import dev.nacelle.base.json.JsonSyntaxException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

class ProtobufReaderTest {
  private static final List<String> KINDS =
      List.of(
          "apps.v1.ControllerRevision",
          "apps.v1.Deployment",
          "apps.v1.ReplicaSet",
          "authentication.k8s.io.v1.TokenRequest",
          "authentication.k8s.io.v1.TokenReview",
          "authorization.k8s.io.v1.SelfSubjectAccessReview",
          "autoscaling.v1.Scale",
          "certificates.k8s.io.v1.CertificateSigningRequest",
          "coordination.k8s.io.v1.Lease",
          "core.v1.Binding",
          "core.v1.ConfigMap",
          "core.v1.Endpoints",
          "core.v1.Event",
          "core.v1.Namespace",
          "core.v1.Node",
          "core.v1.Pod",
          "core.v1.Secret",
          "core.v1.Service",
          "core.v1.ServiceAccount",
          "discovery.k8s.io.v1.EndpointSlice",
          "events.k8s.io.v1.Event",
          "policy.v1.Eviction",
          "rbac.authorization.k8s.io.v1.ClusterRole",
          "rbac.authorization.k8s.io.v1.ClusterRoleBinding",
          "rbac.authorization.k8s.io.v1.Role",
          "rbac.authorization.k8s.io.v1.RoleBinding",
          "scheduling.k8s.io.v1.PriorityClass");

  private static Optional<Path> golden() {
    String targets = System.getenv("NACELLE_TARGETS");
    return Stream.of(
            Optional.ofNullable(targets).map(Path::of),
            Optional.of(Path.of("../../shared/targets")),
            Optional.of(Path.of("../shared/targets")))
        .flatMap(Optional::stream)
        .map(p -> p.resolve("golden/HEAD"))
        .filter(Files::isDirectory)
        .findFirst();
  }

  @TestFactory
  Stream<DynamicTest> theTwoFormsOfUpstreamsObjectsAgree() {
    Optional<Path> golden = golden();
    Assumptions.assumeTrue(golden.isPresent(), "upstream's golden objects are not there");
    return KINDS.stream()
        .map(kind -> DynamicTest.dynamicTest(kind, () -> agree(golden.orElseThrow(), kind)));
  }

  private static void agree(Path golden, String kind) throws IOException {
    JsonObject json =
        JsonReader.readObject(Bytes.wrap(Files.readAllBytes(golden.resolve(kind + ".json"))));
    JsonObject read =
        ProtobufReader.read(Bytes.wrap(Files.readAllBytes(golden.resolve(kind + ".pb"))));
    assertThat(read).isEqualTo(json);
  }

  @Test
  void whatIsNoEnvelopeIsRefused() {
    assertThatThrownBy(() -> ProtobufReader.read(Bytes.utf8("{}")))
        .isInstanceOf(JsonSyntaxException.class);
    assertThatThrownBy(() -> ProtobufReader.read(Bytes.utf8("k8s\0\u0001\u0001")))
        .isInstanceOf(JsonSyntaxException.class);
  }
}
