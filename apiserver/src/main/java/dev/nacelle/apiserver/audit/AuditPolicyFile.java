package dev.nacelle.apiserver.audit;

import dev.nacelle.api.status.FieldError;
import dev.nacelle.apiserver.audit.AuditScope.ManagedFields;
import dev.nacelle.base.bytes.Bytes;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonArray;
import dev.nacelle.base.json.JsonObject;
import dev.nacelle.base.json.JsonSyntaxException;
import dev.nacelle.base.json.YamlReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Reads the file of {@code --audit-policy-file}: a Policy of {@code audit.k8s.io/v1}. */
final class AuditPolicyFile {
  private static final Logger LOG = LoggerFactory.getLogger(AuditPolicyFile.class);
  private static final int MAX_BYTES = 1 << 20;
  private static final Set<String> FIELDS =
      Set.of("apiVersion", "kind", "metadata", "rules", "omitStages", "omitManagedFields");
  private static final Set<String> RULE_FIELDS =
      Set.of(
          "level",
          "users",
          "userGroups",
          "verbs",
          "resources",
          "namespaces",
          "nonResourceURLs",
          "omitStages",
          "omitManagedFields");
  private static final Set<String> RESOURCE_FIELDS = Set.of("group", "resources", "resourceNames");

  private final Path file;
  private final List<FieldError> errors = new ArrayList<>();
  private final Set<String> unknown = new TreeSet<>();

  private AuditPolicyFile(Path file) {
    this.file = file;
  }

  /**
   * @throws IllegalArgumentException if the file is no valid policy; the message names the flag
   */
  static AuditPolicy read(Path file) {
    return new AuditPolicyFile(file).read();
  }

  private IllegalArgumentException refusal(String why) {
    return new IllegalArgumentException("cannot use --audit-policy-file=" + file + ": " + why);
  }

  private AuditPolicy read() {
    JsonObject json = json();
    String version = json.string("apiVersion").orElse("");
    if (!version.equals("audit.k8s.io/v1")) {
      throw refusal("unknown group version \"" + version + "\"; want audit.k8s.io/v1");
    }
    if (!json.string("kind").orElse("").equals("Policy")) {
      throw refusal("want a Policy, got \"" + json.string("kind").orElse("") + "\"");
    }
    noteUnknown("", json, FIELDS);
    var rules = new ArrayList<AuditRule>();
    for (JsonObject rule : json.array("rules").objects().toList()) {
      rules.add(rule(rule, "rules[" + rules.size() + "]"));
    }
    if (rules.isEmpty()) {
      throw refusal("loaded illegal policy with 0 rules");
    }
    var policy =
        new AuditPolicy(
            rules, stages(json, "omitStages"), managedFields(json).orElse(ManagedFields.KEPT));
    if (!errors.isEmpty()) {
      throw refusal(errors.stream().map(FieldError::message).collect(Collectors.joining(", ")));
    }
    if (!unknown.isEmpty()) {
      LOG.warn("passing over unknown fields of {}: {}", file, String.join(", ", unknown));
    }
    return policy;
  }

  private JsonObject json() {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw refusal("it is too large");
      }
      Json parsed = YamlReader.read(Bytes.wrap(Files.readAllBytes(file)));
      if (parsed instanceof JsonObject object) {
        return object;
      }
      throw refusal("want a mapping");
    } catch (IOException | JsonSyntaxException e) {
      throw refusal(String.valueOf(e.getMessage()));
    }
  }

  private AuditRule rule(JsonObject rule, String at) {
    noteUnknown(at + ".", rule, RULE_FIELDS);
    List<String> paths = paths(rule, at + ".nonResourceURLs");
    List<AuditRule.Resources> resources = resources(rule, at + ".resources");
    List<String> namespaces = rule.array("namespaces").strings().toList();
    if (!paths.isEmpty() && (!resources.isEmpty() || !namespaces.isEmpty())) {
      errors.add(
          FieldError.invalid(
              at + ".nonResourceURLs",
              JsonArray.ofStrings(paths),
              "rules cannot apply to both regular resources and non-resource URLs"));
    }
    return new AuditRule(
        level(rule, at + ".level"),
        rule.array("users").strings().toList(),
        rule.array("userGroups").strings().toList(),
        rule.array("verbs").strings().toList(),
        resources,
        namespaces,
        paths,
        stages(rule, at + ".omitStages"),
        managedFields(rule));
  }

  private AuditLevel level(JsonObject rule, String at) {
    String text = rule.string("level").orElse("");
    Optional<AuditLevel> level = AuditLevel.of(text);
    if (level.isEmpty()) {
      errors.add(
          text.isEmpty()
              ? FieldError.required(at, "")
              : FieldError.notSupported(at, Json.of(text), AuditLevel.texts()));
    }
    return level.orElse(AuditLevel.NONE);
  }

  private List<String> paths(JsonObject rule, String at) {
    List<String> paths = rule.array("nonResourceURLs").strings().toList();
    for (int i = 0; i < paths.size(); i++) {
      String path = paths.get(i);
      if (path.equals("*")) {
        continue;
      }
      if (!path.startsWith("/")) {
        errors.add(
            FieldError.invalid(
                at + "[" + i + "]",
                Json.of(path),
                "non-resource URL rules must begin with a '/' character"));
      }
      int star = path.indexOf('*');
      if (star >= 0 && star < path.length() - 1) {
        errors.add(
            FieldError.invalid(
                at + "[" + i + "]",
                Json.of(path),
                "non-resource URL wildcards '*' must be the final character of the rule"));
      }
    }
    return paths;
  }

  private List<AuditRule.Resources> resources(JsonObject rule, String at) {
    var result = new ArrayList<AuditRule.Resources>();
    for (JsonObject item : rule.array("resources").objects().toList()) {
      noteUnknown(at + "[" + result.size() + "].", item, RESOURCE_FIELDS);
      var resources =
          new AuditRule.Resources(
              item.string("group").orElse(""),
              item.array("resources").strings().toList(),
              item.array("resourceNames").strings().toList());
      if (!resources.names().isEmpty() && resources.resources().isEmpty()) {
        errors.add(
            FieldError.invalid(
                at + ".resourceNames",
                JsonArray.ofStrings(resources.names()),
                "using resourceNames requires at least one resource"));
      }
      result.add(resources);
    }
    return result;
  }

  private Set<AuditStage> stages(JsonObject object, String at) {
    var stages = EnumSet.noneOf(AuditStage.class);
    for (String text : object.array("omitStages").strings().toList()) {
      AuditStage.of(text)
          .ifPresentOrElse(
              stages::add,
              () -> errors.add(FieldError.notSupported(at, Json.of(text), AuditStage.texts())));
    }
    return stages;
  }

  private static Optional<ManagedFields> managedFields(JsonObject object) {
    return object
        .bool("omitManagedFields")
        .map(omit -> omit ? ManagedFields.OMITTED : ManagedFields.KEPT);
  }

  private void noteUnknown(String at, JsonObject object, Set<String> known) {
    object.members().keySet().stream()
        .filter(name -> !known.contains(name))
        .forEach(name -> unknown.add(at + name));
  }
}
