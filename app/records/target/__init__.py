"""巡察对象: a unit that a round inspects; hidden from it until the team enters."""
