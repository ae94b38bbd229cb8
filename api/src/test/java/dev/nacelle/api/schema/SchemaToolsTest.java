package dev.nacelle.api.schema;

import static dev.nacelle.api.Trees.object;
import static dev.nacelle.api.Trees.schema;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.nacelle.api.PodLikeSchema;
import dev.nacelle.api.status.FieldError;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SchemaToolsTest {

  private static List<String> errors(String schema, String value) {
    return SchemaValidation.validate(
            object("{'spec':" + value + "}"),
            schema("{'type':'object','properties':{'spec':" + schema + "}}"))
        .stream()
        .map(FieldError::message)
        .toList();
  }

  @Test
  void unknownFieldsArePruned() {
    Schema schema =
        schema(
            """
            {'type':'object','properties':{'spec':{'type':'object','properties':{
              'known':{'type':'string'},
              'free':{'type':'object','x-kubernetes-preserve-unknown-fields':true,'properties':{'inner':{'type':'object'}}},
              'map':{'type':'object','additionalProperties':{'type':'object','properties':{'a':{'type':'integer'}}}},
              'embedded':{'type':'object','x-kubernetes-embedded-resource':true,'properties':{'spec':{'type':'object'}}},
              'list':{'type':'array','items':{'type':'object','properties':{'a':{'type':'integer'}}}}}}}}
            """);
    assertThat(
            Pruner.prune(
                object(
                    """
                    {'apiVersion':'v1','kind':'K','metadata':{'name':'n'},'gone':1,'spec':{'known':'x','gone':1,
                     'free':{'any':{'x':1},'inner':{'gone':1}},'map':{'k':{'a':1,'gone':2}},
                     'embedded':{'apiVersion':'v1','kind':'K','metadata':{'x':1},'gone':1},'list':[{'a':1,'gone':1}]}}
                    """),
                schema))
        .isEqualTo(
            object(
                """
                {'apiVersion':'v1','kind':'K','metadata':{'name':'n'},'spec':{'known':'x',
                 'free':{'any':{'x':1},'inner':{}},'map':{'k':{'a':1}},
                 'embedded':{'apiVersion':'v1','kind':'K','metadata':{'x':1}},'list':[{'a':1}]}}
                """));
  }

  @Test
  void unknownAndDuplicateFieldsAreNamedByPath() {
    var findings =
        UnknownFields.find(
            object(
                "{'apiVersion':'apps/v1','kind':'Deployment','spec':{'foo':1,'template':{'spec':{'containers':[{'name':'a','bar':1}]}}}}"),
            PodLikeSchema.SCHEMA,
            List.of("spec.replicas"));
    assertThat(UnknownFields.strictDecodingError(findings))
        .isEqualTo(
            "strict decoding error: duplicate field \"spec.replicas\", unknown field \"spec.foo\","
                + " unknown field \"spec.template.spec.containers[0].bar\"");
    assertThat(
            UnknownFields.refusal(
                object("{'apiVersion':'apps/v1','kind':'Deployment'}"),
                List.of("unknown field \"a\"")))
        .hasMessage(
            "Deployment in version \"v1\" cannot be handled as a Deployment: strict decoding error:"
                + " unknown field \"a\"");
  }

  @Test
  void defaultsFillWhereTheParentIsPresent() {
    Schema schema =
        schema(
            """
            {'type':'object','properties':{'a':{'type':'integer','default':1},'n':{'type':'string','nullable':true,'default':'x'},
             'o':{'type':'object','properties':{'b':{'type':'string','default':'y'}}},
             'd':{'type':'object','default':{},'properties':{'c':{'type':'boolean','default':true}}},
             'l':{'type':'array','items':{'type':'object','properties':{'p':{'type':'string','default':'TCP'}}}},
             'z':{'type':'string'}}}
            """);
    var filled = Defaulter.apply(object("{'a':null,'n':null,'l':[{}],'z':null}"), schema);
    assertThat(filled).isEqualTo(object("{'a':1,'n':null,'d':{'c':true},'l':[{'p':'TCP'}]}"));
    assertThat(Defaulter.apply(filled, schema)).isSameAs(filled);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'type':'integer'}|'x'|spec: Invalid value: \"string\": spec in body must be of type integer: \"string\"",
        "{'type':'string'}|null|spec: Invalid value: \"null\": spec in body must be of type string: \"null\"",
        "{'type':'integer'}|1.5|spec: Invalid value: \"number\": spec in body must be of type integer: \"number\"",
        "{'type':'object','required':['a']}|{}|spec.a: Required value",
        "{'type':'string','enum':['b','a']}|'c'|spec: Unsupported value: \"c\": supported values: \"b\", \"a\"",
        "{'type':'integer','minimum':1}|0|spec: Invalid value: 0: spec in body should be greater than or equal to 1",
        "{'type':'integer','maximum':1,'exclusiveMaximum':true}|1|spec: Invalid value: 1: spec in body should be less than 1",
        "{'type':'integer','multipleOf':5}|7|spec: Invalid value: 7: spec in body should be a multiple of 5",
        "{'type':'string','minLength':2}|'a'|spec: Invalid value: \"a\": spec in body should be at least 2 chars long",
        "{'type':'string','maxLength':2}|'abc'|spec: Too long: may not be more than 2 bytes",
        "{'type':'string','pattern':'^a+$'}|'b'|spec: Invalid value: \"b\": spec in body should match '^a+$'",
        "{'type':'array','minItems':1}|[]|spec: Invalid value: 0: spec in body should have at least 1 items",
        "{'type':'array','maxItems':1}|[1,2]|spec: Too many: 2: must have at most 1 items",
        "{'type':'array','x-kubernetes-list-type':'set','items':{'type':'string'}}|['a','a']|spec[1]: Duplicate value: \"a\"",
        "{'type':'string','format':'date-time'}|'x'|spec: Invalid value: \"x\": spec in body must be of type date-time: \"x\"",
        "{'type':'object','additionalProperties':{'type':'string'}}|{'k':1}|spec.k: Invalid value: \"integer\": spec.k in body must be of type string: \"integer\"",
      })
  void wrongValuesAreWordedAsUpstream(String schema, String value, String message) {
    assertThat(errors(schema, value)).containsExactly(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'type':'string','nullable':true}|null",
        "{'x-kubernetes-int-or-string':true}|'50%'",
        "{'x-kubernetes-int-or-string':true}|5",
        "{'type':'number'}|1",
        "{'type':'integer'}|1.0",
        "{'type':'string','format':'ipv4'}|'10.0.0.1'",
        "{'type':'string','format':'ipv6'}|'fe80::1'",
        "{'type':'string','format':'cidr'}|'10.0.0.0/8'",
        "{'type':'string','format':'duration'}|'1h30m'",
        "{'type':'string','format':'uuid'}|'123e4567-e89b-12d3-a456-426614174000'",
        "{'type':'string','format':'byte'}|'aGVsbG8='",
        "{'type':'string','format':'date-time'}|'2026-01-02T03:04:05.678+02:00'",
        "{'type':'string','format':'no-such'}|'x'",
        "{'type':'integer','oneOf':[{'minimum':5},{'maximum':1}]}|0",
      })
  void rightValuesPass(String schema, String value) {
    assertThat(errors(schema, value)).isEmpty();
  }

  @Test
  void combinationsAreChecked() {
    assertThat(errors("{'type':'integer','oneOf':[{'minimum':5},{'maximum':1}]}", "3"))
        .first()
        .isEqualTo(
            "<nil>: Invalid value: \"\": \"spec\" must validate one and only one schema (oneOf). Found none valid");
    assertThat(errors("{'type':'object','not':{'required':['a']}}", "{'a':1}"))
        .containsExactly("<nil>: Invalid value: \"\": \"spec\" must not validate the schema (not)");
    assertThat(errors("{'type':'object','anyOf':[{'required':['a']},{'required':['b']}]}", "{}"))
        .containsExactly(
            "<nil>: Invalid value: \"\": \"spec\" must validate at least one schema (anyOf)",
            "spec.a: Required value");
  }

  @Test
  void anUpdateMayKeepAWrongValue() {
    Schema schema =
        schema(
            "{'type':'object','properties':{'a':{'type':'integer','minimum':5},'b':{'type':'integer','minimum':5}}}");
    assertThat(
            SchemaValidation.validateUpdate(
                object("{'a':1,'b':2}"), object("{'a':1,'b':9}"), schema))
        .extracting(FieldError::field)
        .containsExactly("b");
  }

  @Test
  void aPatternThatTakesForeverFails() {
    assertThat(errors("{'type':'string','pattern':'^(a+)+$'}", "'" + "a".repeat(40) + "b'"))
        .hasSize(1);
  }

  @Test
  void patternsAreThoseOfGo() throws Exception {
    assertThat(GoRegex.compile("^a$").find("a\n")).isFalse();
    assertThat(GoRegex.compile("^[[:alpha:]&&]+$").find("ab&")).isTrue();
    assertThat(GoRegex.compile("(?P<n>x)").find("x")).isTrue();
    for (String foreign : List.of("(?=a)", "(a)\\1", "a++", "(?<!a)b")) {
      assertThatThrownBy(() -> GoRegex.compile(foreign))
          .isInstanceOf(java.util.regex.PatternSyntaxException.class);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{'replicas':'1'}|json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32",
        "{'replicas':1.5}|json: cannot unmarshal number 1.5 into Go struct field DeploymentSpec.spec.replicas of type int32",
        "{'paused':1}|json: cannot unmarshal number into Go struct field DeploymentSpec.spec.paused of type bool",
        "{'template':{'spec':{'containers':[{'ports':{}}]}}}|json: cannot unmarshal object into Go struct field Container.spec.template.spec.containers.ports of type []v1.ContainerPort",
        "{'template':{'metadata':{'labels':{'a':1}}}}|json: cannot unmarshal number into Go struct field ObjectMeta.spec.template.metadata.labels of type string",
      })
  void wrongTypesAreWordedAsTheDecoder(String spec, String message) {
    assertThat(
            TypeCheck.firstError(
                object("{'kind':'Deployment','spec':" + spec + "}"), PodLikeSchema.SCHEMA))
        .contains(message);
  }

  @Test
  void nullsFitEverywhere() {
    assertThat(
            TypeCheck.firstError(
                object("{'spec':{'replicas':null,'template':null}}"), PodLikeSchema.SCHEMA))
        .isEmpty();
    assertThat(TypeCheck.firstMetadataError(object("{'metadata':{'labels':{'a':1}}}")))
        .contains(
            "json: cannot unmarshal number into Go struct field ObjectMeta.metadata.labels of type string");
  }
}
