package dev.nacelle.api.apply;

import dev.nacelle.api.schema.Schema;
import dev.nacelle.base.json.Json;
import dev.nacelle.base.json.JsonObject;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * An immutable set of field paths; {@code FieldsV1} is its JSON form. A path may be a member
 * whether or not longer paths are.
 */
public final class FieldSet {
  public static final FieldSet EMPTY = new FieldSet(Collections.emptyNavigableMap());
  private static final Node NOTHING = new Node(false, EMPTY);

  private final Map<PathElement, Node> nodes;

  private FieldSet(Map<PathElement, Node> nodes) {
    this.nodes = nodes;
  }

  /** Whether the path to here is in the set, and what is below. */
  private record Node(boolean member, FieldSet children) {
    boolean isEmpty() {
      return !member && children.isEmpty();
    }
  }

  private static FieldSet of(TreeMap<PathElement, Node> nodes) {
    nodes.values().removeIf(Node::isEmpty);
    return nodes.isEmpty() ? EMPTY : new FieldSet(Collections.unmodifiableMap(nodes));
  }

  /** The set of one path. */
  static FieldSet of(List<PathElement> path) {
    FieldSet result = EMPTY;
    for (PathElement element : path.reversed()) {
      var nodes = new TreeMap<PathElement, Node>();
      nodes.put(element, new Node(result.isEmpty(), result));
      result = of(nodes);
    }
    return result;
  }

  /** Paths of member names. */
  static FieldSet ofFields(Iterable<List<String>> paths) {
    FieldSet result = EMPTY;
    for (List<String> path : paths) {
      result =
          result.union(of(path.stream().map(n -> (PathElement) new PathElement.Field(n)).toList()));
    }
    return result;
  }

  /**
   * @throws IllegalArgumentException if it is not FieldsV1
   */
  public static FieldSet parse(JsonObject fieldsV1) {
    var nodes = new TreeMap<PathElement, Node>();
    fieldsV1
        .members()
        .forEach(
            (name, value) -> {
              if (!name.equals(".")) {
                if (!(value instanceof JsonObject below)) {
                  throw new IllegalArgumentException("field path without an object: " + name);
                }
                boolean member = below.isEmpty() || below.has(".");
                nodes.put(PathElement.decode(name), new Node(member, parse(below)));
              }
            });
    return of(nodes);
  }

  public JsonObject toFieldsV1() {
    var builder = JsonObject.builder();
    nodes.forEach((element, node) -> builder.put(element.encoded(), encoded(node)));
    return builder.build();
  }

  private static Json encoded(Node node) {
    if (!node.member || node.children.isEmpty()) {
      return node.children.toFieldsV1();
    }
    var builder = JsonObject.builder().put(".", JsonObject.EMPTY);
    node.children.toFieldsV1().members().forEach(builder::put);
    return builder.build();
  }

  public boolean isEmpty() {
    return nodes.isEmpty();
  }

  private Node node(PathElement element) {
    return nodes.getOrDefault(element, NOTHING);
  }

  boolean has(PathElement element) {
    return node(element).member;
  }

  /** What lies below one step. */
  FieldSet below(PathElement element) {
    return node(element).children;
  }

  FieldSet union(FieldSet other) {
    if (isEmpty() || other.isEmpty()) {
      return isEmpty() ? other : this;
    }
    var result = new TreeMap<>(nodes);
    other.nodes.forEach(
        (element, node) ->
            result.merge(
                element,
                node,
                (a, b) -> new Node(a.member || b.member, a.children.union(b.children))));
    return of(result);
  }

  FieldSet intersection(FieldSet other) {
    var result = new TreeMap<PathElement, Node>();
    nodes.forEach(
        (element, node) -> {
          Node that = other.node(element);
          result.put(
              element,
              new Node(node.member && that.member, node.children.intersection(that.children)));
        });
    return of(result);
  }

  /** Without the paths of the other set; longer paths stay. */
  FieldSet difference(FieldSet other) {
    if (isEmpty() || other.isEmpty()) {
      return this;
    }
    var result = new TreeMap<PathElement, Node>();
    nodes.forEach(
        (element, node) -> {
          Node that = other.node(element);
          result.put(
              element,
              new Node(node.member && !that.member, node.children.difference(that.children)));
        });
    return of(result);
  }

  /** Without the paths of the other set and all below them. */
  FieldSet recursiveDifference(FieldSet other) {
    if (isEmpty() || other.isEmpty()) {
      return this;
    }
    var result = new TreeMap<PathElement, Node>();
    nodes.forEach(
        (element, node) -> {
          Node that = other.node(element);
          if (!that.member) {
            result.put(
                element, new Node(node.member, node.children.recursiveDifference(that.children)));
          }
        });
    return of(result);
  }

  /** With each field that the schema names as a member, if a path runs through it. */
  FieldSet withNamedFields(Optional<Schema> schema) {
    var result = new TreeMap<PathElement, Node>();
    nodes.forEach(
        (element, node) -> {
          Optional<Schema> child = Shapes.child(schema, element);
          boolean named =
              element instanceof PathElement.Field f && Shapes.isNamed(schema, f.name());
          result.put(
              element,
              new Node(
                  node.member || (named && !node.children.isEmpty()),
                  node.children.withNamedFields(child)));
        });
    return of(result);
  }

  /** With the lists and maps that the schema calls atomic as members, nothing below them. */
  FieldSet fittedTo(Optional<Schema> schema) {
    var result = new TreeMap<PathElement, Node>();
    nodes.forEach(
        (element, node) -> {
          Optional<Schema> child = Shapes.child(schema, element);
          boolean whole = !node.children.isEmpty() && Shapes.isWhole(child);
          result.put(
              element,
              whole ? new Node(true, EMPTY) : new Node(node.member, node.children.fittedTo(child)));
        });
    return of(result);
  }

  /** All paths, as messages spell them: {@code .spec.containers[name="a"].image}. */
  List<String> paths() {
    var result = new ArrayList<String>();
    collect("", result);
    return result;
  }

  private void collect(String prefix, List<String> result) {
    nodes.forEach(
        (element, node) -> {
          if (node.member) {
            result.add(prefix + element);
          }
          node.children.collect(prefix + element, result);
        });
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FieldSet that && nodes.equals(that.nodes);
  }

  @Override
  public int hashCode() {
    return nodes.hashCode();
  }

  @Override
  public String toString() {
    return paths().toString();
  }

  /** Collects paths; for one thread. */
  static final class Builder {
    private final TreeMap<PathElement, Builder> children = new TreeMap<>();
    private boolean member;

    Builder at(PathElement element) {
      return children.computeIfAbsent(element, e -> new Builder());
    }

    void insert() {
      member = true;
    }

    FieldSet build() {
      var nodes = new TreeMap<PathElement, Node>();
      children.forEach((element, b) -> nodes.put(element, new Node(b.member, b.build())));
      return of(nodes);
    }
  }
}
