package dev.nacelle.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.nacelle.api.apply.FieldWriter;
import dev.nacelle.api.apply.ServerSideApply;
import dev.nacelle.api.apply.ServerSideApply.Applied;
import dev.nacelle.api.apply.Versions;
import dev.nacelle.api.client.WriteOptions.Force;
import dev.nacelle.api.definition.ResourceDefinition;
import dev.nacelle.api.definition.VersionDefinition;
import dev.nacelle.api.kinds.BuiltInKinds;
import dev.nacelle.api.object.KubeObject;
import dev.nacelle.api.patch.StrategicMergePatch;
import dev.nacelle.api.schema.Pruner;
import dev.nacelle.api.schema.TypeCheck;
import dev.nacelle.api.schema.UnknownFields;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Upstream's objects with every field set pass through the schemas of the built-in kinds. */
class GoldenObjectsTest {
  private static final Path GOLDEN =
      Path.of(Optional.ofNullable(System.getenv("NACELLE_TARGETS")).orElse("../../shared/targets"))
          .resolve("golden/HEAD");

  private static Path fileOf(ResourceDefinition kind, VersionDefinition version) {
    String group = kind.group().isEmpty() ? "core" : kind.group();
    return GOLDEN.resolve(group + "." + version.name() + "." + kind.names().kind() + ".json");
  }

  @TestFactory
  Stream<DynamicTest> everyFieldIsKnownAndApplyIsStable() {
    Assumptions.assumeTrue(Files.isDirectory(GOLDEN), "no golden objects at " + GOLDEN);
    return BuiltInKinds.all().stream()
        .flatMap(
            kind ->
                kind.versions().stream()
                    .filter(v -> Files.exists(fileOf(kind, v)))
                    .map(
                        v ->
                            DynamicTest.dynamicTest(
                                fileOf(kind, v).getFileName().toString(), () -> check(kind, v))));
  }

  private static void check(ResourceDefinition kind, VersionDefinition version) throws IOException {
    JsonObject golden =
        JsonReader.readObject(Bytes.wrap(Files.readAllBytes(fileOf(kind, version))));
    assertThat(UnknownFields.find(golden, version.schema(), Set.of())).isEmpty();
    assertThat(Pruner.prune(golden, version.schema())).isSameAs(golden);
    assertThat(TypeCheck.firstError(golden, version.schema())).isEmpty();
    assertThat(StrategicMergePatch.apply(golden, golden, version.schema())).isEqualTo(golden);
    String apiVersion = kind.kind(version.name()).apiVersion();
    Versions versions = Versions.only(apiVersion, version.schema(), Set.of());
    var writer = new FieldWriter("golden", apiVersion, "", Instant.EPOCH);
    var stated = new KubeObject(golden).withoutMetadata("managedFields");
    KubeObject live = apply(writer, Optional.empty(), stated, versions);
    assertThat(apply(writer, Optional.of(live), stated, versions)).isSameAs(live);
  }

  private static KubeObject apply(
      FieldWriter writer, Optional<KubeObject> live, KubeObject stated, Versions versions) {
    return ((Applied) ServerSideApply.apply(writer, live, stated, versions, Force.NO)).object();
  }
}
