"""A night in the formats of others: EDF+ annotations, HL7 FHIR, Open mHealth."""
