"""The short lists: payment methods, terms, classes and departments."""

from ops.sandbox.company.entity import LIST, Draft, Entity, Rule
from ops.sandbox.company.faults import feature_not_supported, missing
from ops.sandbox.company.fields import anything, boolean, choice, integer, number, reference, text
from ops.sandbox.company.names import check_characters, claim, mark_inactive, qualify
from ops.sandbox.company.references import resolve
from ops.sandbox.company.shapes import BASE_FIELDS, Shape


def named(space: str) -> Rule:
    """Trims and holds a unique name, with the suffix of what is inactive."""

    def rule(draft: Draft) -> None:
        document = draft.document
        document["Name"] = document["Name"].strip()
        if not document["Name"]:
            raise missing("Name")
        check_characters(document["Name"], "Name")
        document.setdefault("Active", True)
        mark_inactive(draft, "Name", space)
        claim(draft, space, "Name")

    return rule


def _method_type(draft: Draft) -> None:
    draft.document.setdefault("Type", "NON_CREDIT_CARD")


PaymentMethod = Entity(
    "PaymentMethod",
    Shape(
        "PaymentMethod",
        [
            *BASE_FIELDS,
            text("Name", 31, required=True, filterable=True),
            boolean("Active", filterable=True),
            choice("Type", "CREDIT_CARD", "NON_CREDIT_CARD", filterable=True),
            anything("PaymentMethodEx"),
            anything("AttachableRef"),
            anything("CustomField"),
        ],
    ),
    id_space="payment method",
    operations=LIST,
    rules=(named("payment method"), _method_type),
    name_field="Name",
)


def _term_type(draft: Draft) -> None:
    """Standard terms count days, date-driven ones name a day of the month.

    Raises:
        QuickBooksFault: 2020 with neither.
    """
    document = draft.document
    if document.get("DueDays") is None and document.get("DayOfMonthDue") is None:
        raise missing("DueDays")
    document["Type"] = "STANDARD" if document.get("DueDays") is not None else "DATE_DRIVEN"
    document.setdefault("DiscountPercent", 0)
    if document["Type"] == "STANDARD":
        document.setdefault("DiscountDays", 0)


Term = Entity(
    "Term",
    Shape(
        "Term",
        [
            *BASE_FIELDS,
            text("Name", 31, required=True, filterable=True),
            boolean("Active", filterable=True),
            text("Type", read_only=True, filterable=True),
            number("DiscountPercent"),
            integer("DueDays", filterable=True),
            integer("DiscountDays"),
            integer("DayOfMonthDue"),
            integer("DueNextMonthDays"),
            integer("DiscountDayOfMonth"),
            anything("SalesTermEx"),
            anything("AttachableRef"),
            anything("CustomField"),
        ],
    ),
    id_space="term",
    operations=LIST,
    rules=(named("term"), _term_type),
    name_field="Name",
)


def _tracking(entity: str, flag: str) -> Rule:
    def rule(draft: Draft) -> None:
        document, plan = draft.document, draft.books.settings.plan
        allowed = plan.classes if entity == "Class" else plan.departments
        if not allowed:
            raise feature_not_supported(f"{plan.name} has no {entity} tracking.")
        document["Name"] = document["Name"].strip()
        if not document["Name"]:
            raise missing("Name")
        check_characters(document["Name"], "Name")
        document.setdefault("Active", True)
        resolve(draft.books, document, "ParentRef", entity, draft.before)
        document[flag] = document.get("ParentRef") is not None
        mark_inactive(draft, "Name", entity)
        qualify(draft, entity, "Name", flag)
        document.pop("Level", None)
        claim(draft, entity, "FullyQualifiedName")

    return rule


def _tracking_entity(entity: str, flag: str) -> Entity:
    shape = Shape(
        entity,
        [
            *BASE_FIELDS,
            text("Name", 100, required=True, filterable=True),
            boolean("Active", filterable=True),
            text("FullyQualifiedName", read_only=True, filterable=True),
            boolean(flag, filterable=True),
            reference("ParentRef", entity),
            anything("Address"),
            anything(f"{entity}Ex"),
            anything("AttachableRef"),
            anything("CustomField"),
        ],
    )
    return Entity(
        entity,
        shape,
        id_space=entity,
        operations=LIST,
        rules=(_tracking(entity, flag),),
        name_field="FullyQualifiedName",
    )


Class = _tracking_entity("Class", "SubClass")
Department = _tracking_entity("Department", "SubDepartment")
